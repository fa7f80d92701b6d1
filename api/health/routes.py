"""Whether the service runs, and whether it can work."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.dependencies import ContextHere
from settlement.use_cases.read_network import read_readiness
from settlement.wire.network import Liveness, Readiness

router = APIRouter(tags=["health"])


@router.get("/livez")
async def get_livez() -> Liveness:
    """The process answers, also while every thread waits for the chain."""
    return Liveness()


@router.get("/readyz", response_model=Readiness)
def get_readyz(context: ContextHere) -> JSONResponse:
    """Database, chain and projection answer; 503 while one of them does not."""
    readiness = read_readiness(context)
    status = 200 if readiness.status == "ready" else 503
    return JSONResponse(readiness.model_dump(mode="json"), status_code=status)
