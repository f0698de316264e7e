"""The token endpoints of Google for tests: OAuth 2, STS, impersonation, the metadata server.

POST /_tokens configures: {"seconds": life of new tokens, "revoke": true (all tokens so far),
"public_key": [n, e] of the service account, "refuse": "text" (answer token requests with 400)}.
"""
import base64
import hashlib
import json
import re
import threading
import time
import uuid
from urllib.parse import parse_qs

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017, 9.2


def decode_part(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Tokens:
    def __init__(self, required):
        self._lock = threading.Lock()
        self.required = required
        self.seconds = 3600
        self.public_key = None
        self.refusal = None
        self.valid = {}
        self.refresh_token = "emulated-refresh-token"
        self.subject_token = "emulated-subject-token"

    def configure(self, wanted):
        with self._lock:
            self.seconds = wanted.get("seconds", self.seconds)
            self.public_key = wanted.get("public_key", self.public_key)
            self.refusal = wanted.get("refuse", self.refusal)
            self.required = wanted.get("required", self.required)
            if wanted.get("revoke"):
                self.valid = {}

    def issue(self, kind):
        token = f"ya29.{kind}-{uuid.uuid4().hex}"
        with self._lock:
            self.valid[token] = time.time() + self.seconds
        return token

    def is_valid(self, token):
        with self._lock:
            return self.valid.get(token, 0) > time.time()

    def check(self, headers, refusal):
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        if self.required and not self.is_valid(token):
            raise refusal(401, "authError", "Invalid Credentials")

    def serve(self, handler, path, body):
        """Answers a request to a token endpoint; False for other paths."""
        if path.startswith("/computeMetadata/"):
            self.serve_metadata(handler, path)
        elif path in ("/token", "/v1/token"):
            self.serve_grant(handler, parse_qs(bytes(body).decode()))
        elif re.fullmatch(r"/v1/projects/-/serviceAccounts/[^/]+:generateAccessToken", path):
            source = handler.headers.get("Authorization", "").removeprefix("Bearer ")
            if not self.is_valid(source):
                handler.reply_json({"error": {"code": 401, "message": "Invalid Credentials"}}, 401)
            else:
                expiry = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.seconds))
                handler.reply_json({"accessToken": self.issue("impersonated"),
                                    "expireTime": expiry})
        else:
            return False
        return True

    def serve_metadata(self, handler, path):
        flavor = {"Metadata-Flavor": "Google"}
        if handler.headers.get("Metadata-Flavor") != "Google":
            handler.reply(403, b"", flavor)
        elif path.endswith("/service-accounts/default/token"):
            handler.reply_json(self.grant("metadata"), headers=flavor)
        elif path.endswith("/service-accounts/default/email"):
            handler.reply(200, b"robot@project.iam.gserviceaccount.com", flavor)
        else:
            handler.reply(404, b"", flavor)

    def grant(self, kind):
        return {"access_token": self.issue(kind), "expires_in": self.seconds,
                "token_type": "Bearer"}

    def serve_grant(self, handler, form):
        kind = form.get("grant_type", [""])[0]
        problem = self.refusal
        if problem is None and kind == JWT_GRANT:
            problem = self.jwt_problem(form["assertion"][0])
        elif problem is None and kind == "refresh_token":
            if form.get("refresh_token") != [self.refresh_token]:
                problem = "Token has been expired or revoked."
        elif problem is None and kind == EXCHANGE_GRANT:
            if form.get("subject_token") != [self.subject_token]:
                problem = "The subject token is not the expected one."
        elif problem is None:
            problem = f"unsupported grant {kind}"
        if problem:
            handler.reply_json({"error": "invalid_grant", "error_description": problem}, 400)
        else:
            handler.reply_json(self.grant(kind.split(":")[-1]))

    def jwt_problem(self, assertion):
        """Why a service account's assertion is refused; None if it is good."""
        head, claims, signature = assertion.split(".")
        header = json.loads(decode_part(head))
        if header.get("alg") != "RS256" or self.public_key is None:
            return "Invalid JWT Signature."
        modulus, exponent = self.public_key
        length = (modulus.bit_length() + 7) // 8
        digest = SHA256_PREFIX + hashlib.sha256(f"{head}.{claims}".encode()).digest()
        padded = b"\x00\x01" + b"\xff" * (length - len(digest) - 3) + b"\x00" + digest
        if pow(int.from_bytes(decode_part(signature), "big"), exponent, modulus) \
                != int.from_bytes(padded, "big"):
            return "Invalid JWT Signature."
        claim = json.loads(decode_part(claims))
        now = time.time()
        if not (now - 300 < claim["iat"] < now + 300 and claim["exp"] <= claim["iat"] + 3600):
            return ("Invalid JWT: Token must be a short-lived token (60 minutes) and in a "
                    "reasonable timeframe. Check your iat and exp values in the JWT claim.")
        return None
