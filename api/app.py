"""The HTTP service as one app: routes, problems, and what stands before them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI

from api import problems
from api.acts.routes import router as acts
from api.attestations.routes import router as attestations
from api.body_gate import BodyGate
from api.cash.routes import router as cash
from api.clients.routes import router as clients
from api.clock.routes import router as clock
from api.cover.routes import router as cover
from api.failures import FailureGate
from api.health.routes import router as health
from api.lines.routes import router as lines
from api.loans.routes import router as loans
from api.members.routes import router as members
from api.network.routes import router as network
from api.openapi import document_with_problems
from api.orders.routes import router as orders
from api.receivables.routes import router as receivables
from api.settlements.routes import router as settlements
from api.transactions.routes import router as transactions
from settlement.use_cases.context import THREADS, Context
from settlement.use_cases.forget_keys import ForgetfulHour

ROUTERS = (
    health,
    network,
    clock,
    clients,
    members,
    cash,
    orders,
    acts,
    receivables,
    lines,
    loans,
    attestations,
    settlements,
    cover,
    transactions,
)


def create_app(context: Context) -> FastAPI:
    """Make the app over an open context (``open_context``)."""
    app = FastAPI(
        title="Hanse",
        version="1",
        summary="Purchase orders become receivables, loans and settled cash.",
        docs_url=None,
        redoc_url=None,
        # A redirect would lose a POST's body and key.
        redirect_slashes=False,
        lifespan=_threads_as_connections,
    )
    app.state.context = context
    app.state.forgetting = ForgetfulHour(context.engine)
    problems.install(app)
    app.add_middleware(BodyGate)
    # Added last, so that it stands before everything else.
    app.add_middleware(FailureGate)
    for router in ROUTERS:
        app.include_router(router)
    document_with_problems(app)
    return app


@asynccontextmanager
async def _threads_as_connections(_app: FastAPI) -> AsyncIterator[None]:
    # Endpoints are plain def: more threads than database connections would only wait for each other.
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield
