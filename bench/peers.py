"""What the webhook is compared with, each under the same gunicorn: the bare limit, and lark-oapi's own dispatcher."""

import sys
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import Column, Engine, MetaData, String, Table, create_engine
from sqlalchemy.dialects.sqlite import insert
from werkzeug import Response

from bench.load import PATH
from storage.engine import address, open_engine
from suanli.cli.serve import THREADS
from suanli.cli.webserver import serve
from suanli.sandbox.feishu.people import App

SEEN = Table("seen", MetaData(), Column("message_id", String, primary_key=True))


def bare() -> Flask:
    """A route that answers 200 and does nothing: what Flask under gunicorn can do at most."""
    app = Flask("bare")

    @app.post(PATH)
    def receive() -> str:
        return ""

    return app


def lark(engine: Engine) -> Flask:
    """lark-oapi's dispatcher and Flask adapter: verify, decrypt, parse, and one insert that dedupes."""
    import lark_oapi  # noqa: PLC0415 seconds, and only this peer needs it
    from lark_oapi.adapter.flask import parse_req, parse_resp  # noqa: PLC0415 as above

    app = Flask("lark")

    def remember(event: Any) -> None:
        new = insert(SEEN).values(message_id=event.event.message.message_id).on_conflict_do_nothing()
        with engine.begin() as connection:
            connection.execute(new)

    builder = lark_oapi.EventDispatcherHandler.builder(App().encrypt_key, App().verification_token)
    handler = builder.register_p2_im_message_receive_v1(remember).build()

    @app.post(PATH)
    def receive() -> Response:
        answer: Response = parse_resp(handler.do(parse_req()))
        return answer

    return app


def plain(database: str) -> Engine:
    """A database as SQLAlchemy opens it by itself, but patient: a busy machine must not make the peer fail."""
    return create_engine(database, connect_args={"timeout": 60})


def tuned(database: str) -> Engine:
    """A database opened as the product opens its own."""
    return open_engine(address(database))


OPENERS = {"plain": plain, "tuned": tuned}


def main(which: str, listen: str, database: str) -> None:
    """Serve a peer as `suanli web` serves the product on SQLite: one process."""
    if which == "bare":
        serve(bare, listen, threads=THREADS)
        return
    import lark_oapi  # noqa: F401, PLC0415 once, before gunicorn forks, as the product's modules are

    engine = OPENERS[which](database)
    SEEN.metadata.create_all(engine)
    engine.dispose()  # nothing is open while gunicorn forks
    serve(partial(lark, engine), listen, threads=THREADS)


if __name__ == "__main__":
    main(*sys.argv[1:])
