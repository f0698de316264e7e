"""Where containers and instances of AWS find their credentials, for tests.

GET /container-credentials    wants the header Authorization: container-token
PUT /latest/api/token, GET /latest/meta-data/iam/security-credentials/[ROLE]    IMDSv2
"""
import json
import time

IMDS_TOKEN = "emulated-imds-token"
ROLES = "/latest/meta-data/iam/security-credentials/"


def credentials(kind):
    expiry = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    return json.dumps({"Code": "Success", "AccessKeyId": f"AKID{kind}",
                       "SecretAccessKey": "emulated-secret-key", "Token": "emulated-session-token",
                       "Expiration": expiry}).encode()


def serve(method, path, headers):
    """(status, body) for a path of ours, else None."""
    if path == "/container-credentials":
        allowed = headers.get("Authorization") == "container-token"
        return (200, credentials("CONTAINER")) if allowed else (401, b"")
    if path == "/latest/api/token":
        allowed = method == "PUT" and headers.get("X-aws-ec2-metadata-token-ttl-seconds")
        return (200, IMDS_TOKEN.encode()) if allowed else (400, b"")
    if path.startswith(ROLES):
        if headers.get("X-aws-ec2-metadata-token") != IMDS_TOKEN:
            return 401, b""
        return (200, b"role") if path == ROLES else (200, credentials("INSTANCE"))
    return None
