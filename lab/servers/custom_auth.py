"""LiteLLM's custom authentication hook: one key is right, every other one gets 401."""

import os

from fastapi import HTTPException, Request
from litellm.proxy._types import UserAPIKeyAuth


async def user_api_key_auth(request: Request, api_key: str) -> UserAPIKeyAuth:
    if api_key != os.environ["RIGHT_KEY"]:
        raise HTTPException(status_code=401, detail="this key is not known here")
    return UserAPIKeyAuth(api_key=api_key)
