"""Google's own Python client must work with our emulator: what keeps it honest.

Run with the Python of .venv-reference (google-cloud-storage).
"""
import io
import os
import pathlib
import subprocess
import sys
import unittest
import urllib.request
import json

from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

HERE = pathlib.Path(__file__).parent


class GoogleClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.Popen([sys.executable, HERE / "gcs_emulator.py"],
                                       stdout=subprocess.PIPE, text=True)
        cls.endpoint = "http://127.0.0.1:" + cls.process.stdout.readline().split()[1]
        os.environ["STORAGE_EMULATOR_HOST"] = cls.endpoint

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        cls.process.wait()

    def setUp(self):
        self.door("_reset")
        self.client = storage.Client(project="test", credentials=AnonymousCredentials())
        self.bucket = self.client.bucket("test-bucket")

    def door(self, name, value=None):
        request = urllib.request.Request(f"{self.endpoint}/{name}",
                                         data=json.dumps(value or {}).encode(), method="POST")
        return urllib.request.urlopen(request).read()

    def test_small_object_comes_back(self):
        blob = self.bucket.blob("a/b c%/ü")
        blob.upload_from_string(b"hello", checksum="crc32c", if_generation_match=0)
        self.assertEqual(blob.download_as_bytes(checksum="crc32c"), b"hello")
        self.assertEqual(self.bucket.get_blob("a/b c%/ü").size, 5)

    def test_resumable_upload_in_chunks(self):
        data = os.urandom(3_000_000)
        blob = self.bucket.blob("large", chunk_size=512 * 1024)
        blob.upload_from_file(io.BytesIO(data), checksum="crc32c", if_generation_match=0)
        self.assertEqual(blob.download_as_bytes(), data)

    def test_resumable_upload_goes_on_after_faults(self):
        data = os.urandom(2_000_000)
        blob = self.bucket.blob("large", chunk_size=512 * 1024)
        self.door("_faults", [{"method": "PUT", "at": 1, "status": 503},
                              {"method": "PUT", "at": 3, "cut_request": 300_000}])
        blob.upload_from_file(io.BytesIO(data), checksum="crc32c", if_generation_match=0)
        self.assertEqual(blob.download_as_bytes(), data)

    def test_precondition_keeps_the_first(self):
        self.bucket.blob("once").upload_from_string(b"1", if_generation_match=0)
        with self.assertRaises(exceptions.PreconditionFailed):
            self.bucket.blob("once").upload_from_string(b"2", if_generation_match=0)
        self.assertEqual(self.bucket.blob("once").download_as_bytes(), b"1")

    def test_wrong_checksum_is_refused(self):
        self.door("_faults", [{"method": "POST", "path": "uploadType=multipart",
                               "corrupt_request": -200, "times": -1}])
        with self.assertRaises(exceptions.GoogleAPIError):
            self.bucket.blob("damaged").upload_from_string(b"x" * 1000, checksum="crc32c")
        self.assertIsNone(self.bucket.get_blob("damaged"))

    def test_damaged_download_is_noticed(self):
        self.bucket.blob("x").upload_from_string(b"x" * 1000)
        self.door("_faults", [{"path": "alt=media", "corrupt_reply": 3}])
        with self.assertRaises(Exception):
            self.bucket.blob("x").download_as_bytes(checksum="crc32c")

    def test_ranges(self):
        self.bucket.blob("x").upload_from_string(bytes(range(100)))
        self.assertEqual(self.bucket.blob("x").download_as_bytes(start=10, end=19),
                         bytes(range(10, 20)))

    def test_listing_has_pages(self):
        for index in range(25):
            self.bucket.blob(f"many/{index:03}").upload_from_string(b"")
        self.bucket.blob("other").upload_from_string(b"")
        names = [blob.name for blob in self.bucket.list_blobs(prefix="many/", page_size=10)]
        self.assertEqual(names, [f"many/{index:03}" for index in range(25)])

    def test_delete_with_generation(self):
        blob = self.bucket.blob("x")
        blob.upload_from_string(b"1")
        with self.assertRaises(exceptions.PreconditionFailed):
            blob.delete(if_generation_match=1)
        blob.delete(if_generation_match=blob.generation)
        self.assertIsNone(self.bucket.get_blob("x"))

    def test_missing_bucket(self):
        with self.assertRaises(exceptions.NotFound):
            self.client.bucket("no-such-bucket").blob("x").upload_from_string(b"1")


if __name__ == "__main__":
    unittest.main()
