"""A server with the page to draw on and a REST API: a trained model for the browser next door.

It answers on this machine alone unless told otherwise, and needs no TensorFlow where the run has a model.tflite.
"""

import ipaddress
import socket
from collections.abc import Callable
from contextlib import closing

from kaggle_digits import extras
from kaggle_digits.errors import DigitsError
from kaggle_digits.predictor import Model

__all__ = ["serve"]

_GRACE = 3  # seconds that requests under way get when the server is told to end


def serve(
    model: Model,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    corrections: bool | None = None,
    on_ready: Callable[[str, bool], None] = lambda _address, _is_local: None,
) -> None:
    """Serves a model until Ctrl-C or a SIGTERM.

    Args:
        model: what answers.
        host: the address to listen at; 0.0.0.0 (or ::, or nothing) is every network that the machine is in.
        port: 1 to 65535, or 0 for any that is free.
        corrections: whether corrections are kept, in the folder `predictor.CORRECTIONS`, and answers adapt to them;
            None is only where no other machine is answered.
        on_ready: is told the address as soon as questions are heard, and whether only this machine is answered.

    Raises:
        DigitsError: the extra `serve` is not installed, or the port is taken, or the address is not this machine's.
    """
    extras.require("serve", "fastapi", "uvicorn", "python_multipart")
    with closing(_listening(host, port)) as heard:
        import uvicorn

        from kaggle_digits.serving import memory
        from kaggle_digits.serving.app import create_app
        from kaggle_digits.serving.connections import PatientProtocol

        memory.keep_little()
        is_local = ipaddress.ip_address(heard.getsockname()[0]).is_loopback
        keeps = is_local if corrections is None else corrections
        app = create_app(
            model, only_local=is_local, corrections=keeps, on_ready=lambda: on_ready(_address(heard), is_local)
        )
        config = uvicorn.Config(
            app,
            http=PatientProtocol,
            ws="none",
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        uvicorn.Server(config).run(sockets=[heard])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        heard = socket.create_server((host, port), family=family, backlog=256)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DigitsError(
            f"cannot listen on {host}, port {port}: {reason}. Choose another: --port 8001, or --host 127.0.0.1."
        ) from None
    # Connections inherit it. asyncio sets it itself, but not where a socket was made without naming its protocol; and
    # without it, the body of every answer waits 40 ms for the client to acknowledge its head.
    heard.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return heard


def _address(heard: socket.socket) -> str:
    """Where this machine finds the server; one that listens everywhere is there, too."""
    host, port = heard.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
