"""Connections that go through a proxy exactly when the AWS SDK's would: HTTPS_PROXY, NO_PROXY and their lower-case twins."""

from __future__ import annotations

import threading
from typing import Any

import urllib3
from botocore.httpsession import ProxyConfiguration
from botocore.utils import get_environ_proxies
from urllib3.exceptions import HTTPError, ProxyError


class ProxyAwarePools(urllib3.PoolManager):
    """Pools of connections, for each proxy and without one. Safe for threads."""

    def __init__(self, num_pools: int, **options: Any) -> None:
        super().__init__(num_pools, **options)
        self._num_pools = num_pools
        self._options = options
        self._lock = threading.Lock()
        self._proxied: dict[str, urllib3.ProxyManager] = {}

    def urlopen(  # type: ignore[override]  # as in urllib3 itself
        self, method: str, url: str, redirect: bool = True, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        proxy = self._proxy_for(url)
        if proxy is None:
            return super().urlopen(method, url, redirect, **options)
        return proxy.urlopen(method, url, redirect, **options)

    def _proxy_for(self, url: str) -> urllib3.ProxyManager | None:
        proxies = ProxyConfiguration(proxies=get_environ_proxies(url))
        try:
            proxy_url = proxies.proxy_url_for(url)
            return self._through(proxy_url, proxies) if proxy_url else None
        except (HTTPError, ValueError) as error:
            raise ProxyError("the proxy's URL cannot be used", error) from None  # it may hold a password

    def _through(self, proxy_url: str, proxies: ProxyConfiguration) -> urllib3.ProxyManager:
        with self._lock:
            if proxy_url not in self._proxied:
                self._proxied[proxy_url] = urllib3.ProxyManager(
                    proxy_url,
                    self._num_pools,
                    proxy_headers=proxies.proxy_headers_for(proxy_url),
                    **self._options,
                )
            return self._proxied[proxy_url]
