"""TLS of the client: whose certificates are trusted."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from flask import Flask, jsonify
from werkzeug.serving import BaseWSGIServer, make_server

from suanli.domain.errors import RemoteError
from suanli.sources.endpoint import Endpoint
from suanli.sources.http import Http
from tests.fakes import FakeClock
from tests.services import missing


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[BaseWSGIServer, Path]]:
    """A server whose certificate nobody has signed but itself, and that certificate."""
    openssl = which("openssl") or missing("openssl", "apt-get install openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    request = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x")
    name = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate))
    subprocess.run((openssl, *request, *name), check=True, capture_output=True)  # noqa: S603 found on the PATH
    app = Flask("trusted")
    app.add_url_rule("/x", view_func=lambda: jsonify({"ok": True}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=context)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server, certificate
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_certificate_is_trusted_only_when_the_settings_name_it(tls_server: tuple[BaseWSGIServer, Path]) -> None:
    server, certificate = tls_server
    url = f"https://127.0.0.1:{server.port}"
    with pytest.raises(RemoteError, match="certificate is not trusted") as caught:
        Http(Endpoint("Grafana", url, "GRAFANA_URL"), clock=FakeClock()).get("/x")
    assert caught.value.permanent
    trusting = Endpoint("Grafana", url, "GRAFANA_URL", ca_bundle=str(certificate))
    assert Http(trusting, clock=FakeClock()).get("/x") == {"ok": True}
