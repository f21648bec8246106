"""Try a credential: at the address that was given for this, at its mail server, or at its database; nowhere else."""

from uuid import UUID

from privexbot_app.domains.credentials.schemas import CredentialTestView
from privexbot_app.domains.credentials.service import CredentialService
from privexbot_app.domains.credentials.types import DatabaseUrlConfig, HttpCredential, SmtpConfig, Testable
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.http import OutboundPolicy
from privexbot_app.kit.mail_servers import MailServer, greet
from privexbot_app.kit.scope import Scope

TEST_SECONDS = 15
TEST_BYTES = 1_000_000
REFUSED = {401, 403}


async def run_test(works: Workshop, scope: Scope, credential_id: UUID) -> CredentialTestView:
    """Try the credential and write down what came. Needs `credentials.manage`.

    Opens its own units of work: nothing is held while the other side thinks.
    """
    async with works.open(scope, read_only=True) as work:
        config = await CredentialService(work).open_for_test(credential_id)
    try:
        problem = await _try(works, config)
    except PrivexError as error:
        problem = error.message
    async with works.open(scope) as work:
        return await CredentialService(work).note_test(credential_id, problem)


async def _try(works: Workshop, config: Testable) -> str:
    """What is wrong, or nothing. Raises what the other side's client raises."""
    if isinstance(config, SmtpConfig):
        await greet(works.plugins.http, _server_of(config))
        return ""
    if isinstance(config, DatabaseUrlConfig):
        url = config.url.get_secret_value()
        database = works.plugins.databases.get(url.partition(":")[0].partition("+")[0])
        await database.query(url, "SELECT 1 AS one", {}, is_read_only=True, max_rows=1)
        return ""
    return await _ask(works, config)


async def _ask(works: Workshop, config: HttpCredential) -> str:
    answer = await works.plugins.http.fetch(
        config.test_url,
        policy=OutboundPolicy.PUBLIC_ONLY,
        headers=config.headers_for(config.test_url),
        max_bytes=TEST_BYTES,
        timeout_seconds=TEST_SECONDS,
    )
    if answer.status in REFUSED:
        return f"The service does not accept this credential (status {answer.status})."
    return "" if answer.status < 300 else f"The service answered with status {answer.status}."


def _server_of(config: SmtpConfig) -> MailServer:
    return MailServer(
        config.host, config.port, config.security == "tls", config.username, config.password.get_secret_value()
    )
