"""botbuilder's turn, and nothing else of botbuilder: it fetches no keys or tokens here and opens no connection.

Its own HTTP adapter serialises an invoke's body twice, which Teams sees as a 500, and authenticates by
another class in tests than in production. So the verified claims go straight to `process_activity`, and
the body that comes out is written once, by `routes`.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Never, TypeAlias

from botbuilder.core import CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes
from botframework.connector.auth import AuthenticateRequestResult, BotFrameworkAuthentication, ClaimsIdentity
from botframework.connector.auth.connector_factory import ConnectorFactory

_SCOPE = "https://api.botframework.com"

InvokeBody: TypeAlias = dict[str, object]
Turn: TypeAlias = Callable[[Any], Awaitable[InvokeBody | None]]
"""Handles an Activity; the body answers an invoke."""


class TeamsAdapter(CloudAdapterBase):  # type: ignore[misc]  # botbuilder is not typed
    """Runs a turn for an activity whose token was verified before."""

    def __init__(self) -> None:
        super().__init__(_VerifiedBefore())

    async def process(self, claims: dict[str, Any], activity: Any, turn: Turn) -> InvokeBody | None:
        """Run `turn` in botbuilder's pipeline; return the body of an invoke's answer."""

        async def run(context: Any) -> None:
            body = await turn(context.activity)
            if body is not None:
                answer = Activity(type=ActivityTypes.invoke_response, value=InvokeResponse(status=200, body=body))
                await context.send_activity(answer)

        # `isinstance(..., str)` is botbuilder's question whether to authenticate; a result says it was done.
        response = await self.process_activity(_result(claims), activity, run)
        return None if response is None else response.body

    async def update_activity(self, context: TurnContext, activity: Activity) -> Never:
        """Refuse: messages leave by the messenger."""
        raise NotImplementedError

    async def delete_activity(self, context: TurnContext, reference: Any) -> Never:
        """Refuse: messages leave by the messenger."""
        raise NotImplementedError


class _NoConnector:
    """Stands where botbuilder wants a connector; it has no operation, so that a turn cannot send past the lanes."""


class _NoConnectorFactory(ConnectorFactory):  # type: ignore[misc]  # botbuilder is not typed
    async def create(self, service_url: str, audience: str) -> _NoConnector:
        del service_url, audience
        return _NoConnector()


class _VerifiedBefore(BotFrameworkAuthentication):  # type: ignore[misc]  # botbuilder is not typed
    async def authenticate_request(self, activity: Any, auth_header: str) -> Never:
        del activity, auth_header
        raise PermissionError("tokens are verified by bot.teams.verify alone")

    async def authenticate_streaming_request(self, auth_header: str, channel_id_header: str) -> Never:
        del auth_header, channel_id_header
        raise PermissionError("tokens are verified by bot.teams.verify alone")

    def create_connector_factory(self, claims_identity: Any) -> _NoConnectorFactory:
        del claims_identity
        return _NoConnectorFactory()

    async def create_user_token_client(self, claims_identity: Any) -> None:
        del claims_identity


def _result(claims: dict[str, Any]) -> Any:
    result = AuthenticateRequestResult()
    result.audience = _SCOPE
    result.claims_identity = ClaimsIdentity(dict(claims), is_authenticated=True)
    result.connector_factory = _NoConnectorFactory()
    return result
