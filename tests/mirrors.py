"""Web servers on this machine that serve a small MNIST, or fail to in the ways that servers have.

`python -m tests.mirrors ADDRESS` fills the cache from one of them, and ends with an error if it got something else.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from nn.data import mnist_files


def originals(images=5):
    """Files as MNIST has them, of so many random images."""
    rng = np.random.default_rng(0)
    return {name: idx(rng.integers(0, 256, (images, 28, 28) if "images" in name else images, np.uint8))
            for name in mnist_files.ORIGINALS}


def idx(array):
    """An array of bytes in the idx format."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def expected(files):
    """What `mnist_files.ORIGINALS` says if these are the originals."""
    return {name: mnist_files.Original(len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()}


@contextlib.contextmanager
def mirror(answer):
    """The address of a server that answers each request by `answer(request, name of the file)`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            with contextlib.suppress(ConnectionError):  # the client may have been killed
                answer(self, self.path.rsplit("/", 1)[1].removesuffix(".gz"))

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("localhost", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/mnist"
        finally:
            server.shutdown()
            thread.join()


def fill(address, files):
    """Get these files from a mirror, or from the cache."""
    os.environ.pop("MNIST_DIR", None)
    mnist_files.ORIGINALS, mnist_files.MIRRORS = expected(files), (address,)
    assert mnist_files.mnist_files(progress=False) == files


# ── what servers do ──────────────────────────────────────────────────────────────────────────


def send(request, body, status=200, length=None):
    """Send an answer, perhaps shorter than it says."""
    request.send_response(status)
    request.send_header("Content-Length", str(len(body) if length is None else length))
    request.end_headers()
    request.wfile.write(body)


def right(files):
    """Serves files as they are."""
    packed = {name: gzip.compress(data, 1, mtime=0) for name, data in files.items()}
    return lambda request, name: send(request, packed[name])


def truncated(files):
    """Breaks off half way."""
    def answer(request, name):
        packed = gzip.compress(files[name], mtime=0)
        send(request, packed[: len(packed) // 2], length=len(packed))
    return answer


def other(files):
    """Serves files of the right length with one byte changed."""
    return lambda request, name: send(request, gzip.compress(files[name][:-1] + b"\xff", mtime=0))


def bomb(files):
    """Serves small files that become very large."""
    return lambda request, name: send(request, gzip.compress(bytes(100 * len(files[name])), mtime=0))


def page(files):
    """Serves a page that asks to log in."""
    return lambda request, name: send(request, b"<html>please log in</html>")


def missing(files):
    """Does not have the files."""
    return lambda request, name: send(request, b"<html>not found</html>", status=404)


def silent(files):
    """Hangs up without an answer."""
    return lambda request, name: request.connection.close()


def dripping(files):
    """Sends a byte of a file now and then, so that none is long in coming."""
    def answer(request, name):
        request.send_response(200)
        request.send_header("Content-Length", "1000000")
        request.end_headers()
        drip(request)
    return answer


def dripping_head(files):
    """Sends a byte now and then of what comes before the file."""
    return lambda request, name: drip(request)


def drip(request):
    for letter in b"HTTP/1.0 200 OK\r\nX: a few more":
        request.wfile.write(bytes([letter]))
        time.sleep(0.02)


if __name__ == "__main__":
    fill(sys.argv[1], originals(images=3000))
