"""The gateway to models: the application, and how it is ended."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Flask

from suanli.clock import Clock
from suanli.domain.ports import Store
from suanli.domain.site import Site
from suanli.settings import Settings
from suanli.settings.gateway import ProviderEntry
from suanli.sources.endpoint import Endpoint
from suanli.sources.model_providers import HttpModelProvider
from suanli.web.gateway.app import gateway_app
from suanli.web.gateway.forwarding import Forwarding
from suanli.web.gateway.purse import Purse
from suanli.web.gateway.serving import Drain, Serving

GRACE = timedelta(seconds=15)
"""For so long streams may go on when the process is to end; what is left is ended, and settled, after that."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """The application, and its end."""

    app: Flask
    drain: Drain
    purse: Purse

    def begin_stop(self) -> None:
        """Take no new calls, and end the streams that are left after GRACE."""
        self.drain.begin()

    def stop(self) -> bool:
        """Wait for what is being written, once no request is served any more; False when something still hung."""
        return self.purse.stop(GRACE)


def build_gateway(settings: Settings, store: Store, site: Site, clock: Clock) -> Gateway:
    """The gateway that the settings describe."""
    own = settings.gateway
    drain = Drain(clock, GRACE)
    purse = Purse(store, site, clock, drain.stopping)
    providers = {
        name: HttpModelProvider(_endpoint(name, entry), own.deadlines, clock) for name, entry in own.providers.items()
    }
    offered = {model.name: model for model in own.to_domain()}
    forwarding = Forwarding(providers, own.deadlines, clock)
    return Gateway(gateway_app(Serving(offered, forwarding, store, purse, site, clock, drain)), drain, purse)


def _endpoint(name: str, entry: ProviderEntry) -> Endpoint:
    key = entry.key.get_secret_value()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    setting = f"gateway.providers.{name}"
    return Endpoint(name, entry.base_url, f"{setting}.base_url", f"{setting}.key_env", headers, entry.ca_bundle)
