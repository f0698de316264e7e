"""How fast one large object goes to and from a bucket, beside the official client and curl, in one run.

Usage: .venv-reference/bin/python bench/storage_throughput.py STORE_COPY [--megabytes 2048] [--repeats 3]
STORE_COPY is the program of bench/store_copy.cpp. The services are the emulators of tests/emulators on
loopback, whose speed bounds everybody's; so the table shows the best of the repeats and ratios.
Clients use their defaults for large objects; every download ends in a new file. curl sends and fetches in a
single request, without checksums; to S3 it also sends the parts that Temper sends (`curl, in parts`), since the
service has more to do for them: the emulator puts them together in Python.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
EMULATORS = HERE.parent / "tests" / "emulators"
NAME = "object"
S3_PART_BYTES, CONNECTIONS = 32 << 20, 4  # core/storage/s3/s3_upload.h
SIGNED = ("--aws-sigv4", "aws:amz:us-east-1:s3", "--user", "id:key")


def start(script):
    process = subprocess.Popen([sys.executable, EMULATORS / script], stdout=subprocess.PIPE, text=True)
    return process, "http://127.0.0.1:" + process.stdout.readline().split()[1]


def timed(function):
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def curl(*arguments):
    command = ["curl", "-sS", "--fail", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


class Google:
    name = "gs"

    def __init__(self):
        self.process, self.url = start("gcs_emulator.py")
        os.environ["STORAGE_EMULATOR_HOST"] = self.url
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import storage
        self.bucket = storage.Client(project="x", credentials=AnonymousCredentials()).bucket("test-bucket")

    def official_upload(self, file):
        self.bucket.blob(NAME).upload_from_filename(file, checksum="crc32c")

    def official_download(self, file):
        self.bucket.blob(NAME).download_to_filename(file, checksum="crc32c")

    def curl_upload(self, file):
        curl("-o", "/dev/null", "-X", "POST", "-H", "Content-Type: application/octet-stream", "-H", "Expect:", "-T", file,
             f"{self.url}/upload/storage/v1/b/test-bucket/o?uploadType=media&name={NAME}")

    def curl_download(self, file):
        curl("-o", file, f"{self.url}/storage/v1/b/test-bucket/o/{NAME}?alt=media")


class Amazon:
    name = "s3"

    def __init__(self):
        self.process, self.url = start("s3_emulator.py")
        os.environ.update(AWS_ENDPOINT_URL=self.url, AWS_ACCESS_KEY_ID="id", AWS_SECRET_ACCESS_KEY="key",
                          AWS_REGION="us-east-1")
        import boto3
        self.client = boto3.client("s3", region_name="us-east-1")

    def official_upload(self, file):
        self.client.upload_file(str(file), "test-bucket", NAME)

    def official_download(self, file):
        self.client.download_file("test-bucket", NAME, str(file))

    def curl_upload(self, file):
        curl("-o", "/dev/null", *SIGNED, "-H", "Expect:", "-T", file, f"{self.url}/test-bucket/{NAME}")

    def curl_upload_in_parts(self, file):
        """The multipart upload of S3's manual, its parts at once; cutting them out of the file is not counted."""
        url = f"{self.url}/test-bucket/{NAME}"
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            subprocess.run(["split", "-b", str(S3_PART_BYTES), "-d", "-a", "5", file, f"{folder}/part"], check=True)
            parts = sorted(pathlib.Path(folder).iterdir())
            begin = time.perf_counter()
            created = curl(*SIGNED, "-X", "POST", f"{url}?uploads=")
            upload = re.search("<UploadId>(.+?)</UploadId>", created).group(1)
            transfers = []
            for number, part in enumerate(parts, 1):
                transfers += ["--next"] if transfers else []
                transfers += ["-sS", "--fail", "-o", "/dev/null", *SIGNED, "-H", "Expect:", "-D", f"{part}.headers", "-T", part,
                              f"{url}?partNumber={number}&uploadId={upload}"]
            curl("-Z", "--no-progress-meter", "--parallel-max", str(CONNECTIONS), *transfers)
            etags = [re.search("(?im)^etag: *(.+?)\r?$", pathlib.Path(f"{part}.headers").read_text()).group(1) for part in parts]
            body = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
                           for number, etag in enumerate(etags, 1))
            curl(*SIGNED, "-X", "POST", "-H", "Content-Type: application/xml", "-d", f"<CompleteMultipartUpload>{body}</CompleteMultipartUpload>",
                 f"{url}?uploadId={upload}")
            return time.perf_counter() - begin

    def curl_download(self, file):
        curl("-o", file, *SIGNED, f"{self.url}/test-bucket/{NAME}")


def ours(program, *arguments):
    return float(subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout)


def measure(service, program, file, folder, repeats):
    """Best seconds of (direction, client)."""
    url = f"{service.name}://test-bucket/{NAME}"
    copy = folder / "copy"
    best = {}
    in_parts = []
    if hasattr(service, "curl_upload_in_parts"):
        in_parts = [(("upload", "curl, in parts"), lambda: service.curl_upload_in_parts(file))]
    for _ in range(repeats):
        for key, run in (
                *in_parts,
                (("upload", "temper"), lambda: ours(program, "upload", file, url)),
                (("upload", "official"), lambda: timed(lambda: service.official_upload(file))),
                (("upload", "curl"), lambda: timed(lambda: service.curl_upload(file))),
                (("download", "temper"), lambda: ours(program, "download", url, copy)),
                (("download", "official"), lambda: timed(lambda: service.official_download(copy))),
                (("download", "curl"), lambda: timed(lambda: service.curl_download(copy)))):
            best[key] = min(best.get(key, 1e9), run())
            if copy.is_dir():
                shutil.rmtree(copy)
            copy.unlink(missing_ok=True)
    return best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("store_copy")
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--services", default="gs,s3")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = pathlib.Path(name)
        file = folder / "data"
        with open(file, "wb") as out:
            for _ in range(options.megabytes):
                out.write(os.urandom(1 << 20))
        print(f"{options.megabytes} MiB, best of {options.repeats}, MB/s")
        for make in (Google, Amazon):
            if make.name not in options.services.split(","):
                continue
            service = make()
            try:
                best = measure(service, options.store_copy, file, folder, options.repeats)
            finally:
                service.process.kill()
            for direction in ("upload", "download"):
                rate = {client: options.megabytes * 1.048576 / best[direction, client]
                        for client in ("temper", "official", "curl", "curl, in parts") if (direction, client) in best}
                print(f"{service.name} {direction:<8} temper {rate['temper']:6.0f}  official {rate['official']:6.0f}  "
                      f"curl {rate['curl']:6.0f}   {rate['temper'] / rate['official']:.2f} x official, "
                      f"{rate['temper'] / rate['curl']:.0%} of curl", flush=True)
                if "curl, in parts" in rate:
                    print(f"{'':<22}curl, in parts {rate['curl, in parts']:6.0f}   "
                          f"{rate['temper'] / rate['curl, in parts']:.0%} of it", flush=True)


if __name__ == "__main__":
    main()
