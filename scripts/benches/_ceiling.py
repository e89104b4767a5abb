"""What the stack alone can do, which no verifier in it can exceed.

The same server and framework, and a handler that parses a request of the same size, verifies one ES256 signature, makes
one, and writes an answer of the same size.

    python _ceiling.py ANSWER_BYTES

Prints its port on a line and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from ecert.suite import SigningKey, sign_jws, verify_jws
from verifier.processes.listening import listen
from verifier.processes.running import run
from verifier.processes.serving import serve_web

KEY = SigningKey.from_secret(11)
SIGNED = sign_jws(KEY, {"typ": "bench"}, {"what": "x" * 600}).encode()


def application(size: int) -> FastAPI:
    """Build the one handler."""
    app = FastAPI()

    @app.post("/v1/verifications")
    async def verify(request: Request) -> JSONResponse:
        asked = json.loads(await request.body())
        good = verify_jws(KEY.public_key, SIGNED)
        receipt = sign_jws(KEY, {"typ": "bench"}, {"size": len(asked)})
        said = {"result": "VALID" if good else "INVALID", "receipt": receipt}
        return JSONResponse({**said, "rest": "x" * (size - len(json.dumps(said)) - 12)})

    return app


if __name__ == "__main__":
    taken = listen("127.0.0.1", 0)
    print(taken.getsockname()[1], flush=True)

    async def work(stop: asyncio.Event) -> None:
        """Serve."""
        await serve_web(application(int(sys.argv[1])), taken, stop)

    run(work, supervised=True)
