"""The environment, read once at start: the only module that knows it. `.env` is read if it is there."""

from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import ConfigError, Fault

_DEVELOPMENT_ONLY = ("desk_speed", "bot_login_url", "bot_openid_metadata_url", "bot_token_issuer", "bot_graph_url")


class Settings(BaseSettings):
    """Every variable, with its default. The README's table is checked against this class."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    desk_mode: Literal["development", "production"] = Field(
        default="development", description="`production` refuses every development switch and empty ids"
    )
    host: str = Field(default="127.0.0.1", description="address to listen on; development mode: loopback only")
    port: int = Field(default=3978, ge=0, le=65535, description="port of the HTTP server; 0 takes a free one")
    microsoft_app_id: str = Field(default="", description="application (client) id of the bot")
    microsoft_app_type: Literal["SingleTenant", "UserAssignedMSI"] = Field(
        default="SingleTenant", description="how the bot proves itself: client secret or managed identity"
    )
    microsoft_app_tenant_id: str = Field(default="", description="tenant in which the bot is registered")
    microsoft_app_password: SecretStr = Field(
        default=SecretStr(""), description="client secret; not used with UserAssignedMSI"
    )
    redis_url: SecretStr = Field(
        default=SecretStr(""), description="redis:// or rediss:// URL; empty: an embedded Valkey with a durable log"
    )
    desk_config: Path = Field(default=Path("infra/desk"), description="folder of the desk's policy files")
    desk_data: Path = Field(default=Path("var"), description="folder for what must outlive a restart")
    mail_url: str = Field(default="local:", description="mailbox; `local:` is an SMTP door on loopback with Maildirs")
    mail_smtp_port: int = Field(default=2525, ge=0, le=65535, description="port of the local SMTP door; 0: a free one")
    desk_speed: float = Field(default=1.0, gt=0, le=3600, description="development: desk seconds per real second")
    bot_login_url: str = Field(default="", description="development: token endpoint of a local channel (https, /adfs)")
    bot_openid_metadata_url: str = Field(default="", description="development: key metadata of a local channel")
    bot_token_issuer: str = Field(default="", description="development: issuer of a local channel's tokens")
    bot_graph_url: str = Field(default="", description="development: Microsoft Graph of a local channel (https)")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="how much is logged")

    @field_validator("mail_url")
    @classmethod
    def _known_mailbox(cls, url: str) -> str:
        if url != "local:":
            raise ValueError(f"{url!r} is not a mailbox this version can use; the only one is 'local:'")
        return url

    @model_validator(mode="after")
    def _safe_mode(self) -> "Settings":
        faults = []
        if self.desk_mode == "production":
            defaults = {name: field.default for name, field in type(self).model_fields.items()}
            faults += [
                f"{name.upper()} is for development mode only; unset it"
                for name in _DEVELOPMENT_ONLY
                if getattr(self, name) != defaults[name]
            ]
            if not self.microsoft_app_id:
                faults.append("MICROSOFT_APP_ID is empty; without it anybody could speak as Teams")
            if not self.microsoft_app_tenant_id:
                faults.append("MICROSOFT_APP_TENANT_ID is empty; it names the tenant that issues the bot's tokens")
            if self.microsoft_app_type == "SingleTenant" and not self.microsoft_app_password.get_secret_value():
                faults.append("MICROSOFT_APP_PASSWORD is empty; set the client secret, or use UserAssignedMSI")
        elif not _is_loopback(self.host):
            faults.append(f"HOST {self.host!r} is not loopback; development mode must not be reached from outside")
        if self.bot_login_url and not self.bot_login_url.startswith("https://"):
            faults.append("BOT_LOGIN_URL must be https; the token library refuses anything else")
        if self.bot_graph_url and not self.bot_graph_url.startswith("https://"):
            faults.append("BOT_GRAPH_URL must be https; it is sent a token")
        for name in ("bot_login_url", "bot_openid_metadata_url", "bot_graph_url"):
            url = getattr(self, name)
            if url and not _is_loopback(urlsplit(url).hostname or ""):
                faults.append(f"{name.upper()} must be on loopback")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def has_credentials(self) -> bool:
        """Return whether the bot can talk to a real or local Teams channel."""
        return bool(self.microsoft_app_id)


def read_settings() -> Settings:
    """Return the settings; raises ConfigError that lists every fault by its variable's name."""
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigError(
            [
                Fault("environment", None, f"{'.'.join(str(p).upper() for p in e['loc'])} {e['msg']}".strip())
                for e in error.errors()
            ]
        ) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
