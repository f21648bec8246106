"""Try a credential at the address that it was given for this, and nowhere else."""

from uuid import UUID

from privexbot_app.domains.credentials.schemas import CredentialTestView
from privexbot_app.domains.credentials.service import CredentialService
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.http import OutboundPolicy
from privexbot_app.kit.scope import Scope

TEST_SECONDS = 15
TEST_BYTES = 1_000_000
REFUSED = {401, 403}


async def run_test(works: Workshop, scope: Scope, credential_id: UUID) -> CredentialTestView:
    """Ask the credential's own test address and write down what came. Needs `credentials.manage`.

    Opens its own units of work: nothing is held while the other side thinks.
    """
    async with works.open(scope, read_only=True) as work:
        config = await CredentialService(work).open_for_test(credential_id)
    problem = ""
    try:
        answer = await works.plugins.http.fetch(
            config.test_url,
            policy=OutboundPolicy.PUBLIC_ONLY,
            headers=config.headers_for(config.test_url),
            max_bytes=TEST_BYTES,
            timeout_seconds=TEST_SECONDS,
        )
        problem = _problem_of(answer.status)
    except PrivexError as error:
        problem = error.message
    async with works.open(scope) as work:
        return await CredentialService(work).note_test(credential_id, problem)


def _problem_of(status: int) -> str:
    if status in REFUSED:
        return f"The service does not accept this credential (status {status})."
    return "" if status < 300 else f"The service answered with status {status}."
