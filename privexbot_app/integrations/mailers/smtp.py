"""Mail over SMTP, for any provider. One connection per message: an installation sends few."""

from enum import StrEnum

from pydantic import BaseModel, Field, SecretStr

from privexbot_app.integrations.mailers.base import MAILERS, Mail, MailNotSentError, build_message


class Security(StrEnum):
    """How the connection is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@MAILERS.register("smtp")
class SmtpMailer:
    """Sends by the mail server that the operator has chosen."""

    class Config(BaseModel):
        """Settings of the mail server."""

        host: str = Field(description="Name of the mail server.")
        port: int = Field(587, ge=1, le=65535, description="587 with STARTTLS, 465 with TLS.")
        security: Security = Field(Security.STARTTLS, description="`starttls`, `tls`, or `none` for a local relay.")
        username: str = Field("", description="User name, if the server wants one.")
        password: SecretStr = Field(SecretStr(""), description="Password.")
        sender: str = Field(description="Whom mail comes from: an address, or `Name <address>`.")
        timeout_seconds: float = Field(20.0, gt=0, le=120, description="Longest wait for one message, in seconds.")

    def __init__(self, config: Config) -> None:
        self._config = config

    async def send(self, mail: Mail) -> None:
        """Connect, sign in, hand over. The server's words stay in the log."""
        import aiosmtplib  # noqa: PLC0415 - most processes send no mail

        config = self._config
        try:
            await aiosmtplib.send(
                build_message(mail, sender=config.sender),
                hostname=config.host,
                port=config.port,
                username=config.username or None,
                password=config.password.get_secret_value() or None,
                use_tls=config.security is Security.TLS,
                start_tls=config.security is Security.STARTTLS,
                timeout=config.timeout_seconds,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailNotSentError(
                "The mail server did not take the message.", host=config.host, error=type(error).__name__
            ) from error

    async def close(self) -> None:
        """Nothing is kept open."""
