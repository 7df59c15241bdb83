"""The Palette look-alike: a local server that answers, refuses and limits requests as Palette's API does."""

from __future__ import annotations

import re
import threading
from typing import Any

import msgspec

from backup_reporter.demo.documents import Failure, Fleet, Json, part, uid_of
from backup_reporter.demo.local_server import Answer, LocalServer, Request
from backup_reporter.demo.rate_limit import RateLimit

API_KEY = "demo-key-0123456789abcdef"


class LookAlike(LocalServer):
    """Serves a fleet to a client with the right ``ApiKey`` and a good ``ProjectUid``.

    ``api_key`` and ``fleet`` may be changed while it runs. ``page_size`` makes the lists come in pages with
    ``listmeta.continue``. ``refused`` counts the requests that were answered 429.
    """

    def __init__(
        self,
        fleet: Fleet,
        *,
        api_key: str = API_KEY,
        rate_limit: bool = True,
        latency_seconds: float = 0.0,
        page_size: int | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(port=port)
        self.fleet = fleet
        self.api_key = api_key
        self.refused = 0
        self._latency_seconds = latency_seconds
        self._page_size = page_size
        self._rate_limit = RateLimit() if rate_limit else None
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        if self._rate_limit and not self._rate_limit.admits(request.source_ip, request.path, request.at):
            with self._lock:
                self.refused += 1
            return self._error(Failure(429, "TooManyRequests", "Too many requests, try again after a few moments"))
        return self._key_problem(request) or self._project_problem(request) or self._routed(request)

    def _key_problem(self, request: Request) -> Answer | None:
        if request.headers.get("apikey") == self.api_key:
            return None
        return self._error(Failure(401, "InvalidApiKey", "The API key is invalid, expired or revoked"))

    def _project_problem(self, request: Request) -> Answer | None:
        """The header is looked at on every request, on those where it means nothing too (Palette 4.9.22)."""
        project = request.headers.get("projectuid")
        if project is None or project in self.fleet.projects:
            return None
        return self._error(Failure(404, "ProjectNotFoundInTenant", f"The project '{project}' is not in the tenant"))

    def _routed(self, request: Request) -> Answer:
        if request.path == "/v1/dashboard/spectroclusters/search" and request.method == "POST":
            return self._pages(self.fleet.clusters, request, int(request.query.get("limit") or 50))
        if request.method != "GET":
            return self._error(Failure(405, "MethodNotAllowed", f"method {request.method} is not allowed"))
        if request.path == "/v1/dashboard/projects/metadata":
            return self._projects(request)
        if request.path == "/v1/dashboard/workspaces":
            return self._workspaces(request)
        if request.path == "/v1/users/assets/locations":
            # Those of a project are another list, which is empty here.
            return self._ok({"items": list(self.fleet.locations) if "projectuid" not in request.headers else []})
        if request.path == "/v1/apiKeys":
            return self._ok({"items": list(self.fleet.api_keys)})
        if match := re.fullmatch(r"/v1/(workspaces/[^/]+|spectroclusters/[^/]+/features)/restore", request.path):
            return self._restores(match[1].split("/")[1])
        if match := re.fullmatch(r"/v1/spectroclusters/([^/]+)/features/backup", request.path):
            return self._cluster_backup(match[1])
        if match := re.fullmatch(r"/v1/workspaces/([^/]+)(/backup)?", request.path):
            return self._workspace(request, match[1], wants_backup=match[2] is not None)
        return self._error(Failure(404, "ResourceNotFound", f"path {request.path} was not found"))

    def _projects(self, request: Request) -> Answer:
        name = request.query.get("name")
        projects = ({"metadata": {"uid": uid, "name": name}} for uid, name in self.fleet.projects.items())
        return self._list([item for item in projects if name in (None, item["metadata"]["name"])], request)

    def _workspaces(self, request: Request) -> Answer:
        # Without a project the request is about the tenant, which has no workspaces of its own.
        return self._list(self.fleet.workspaces.get(request.headers.get("projectuid", ""), ()), request)

    def _list(self, items: Any, request: Request) -> Answer:
        if self._page_size is None:
            return self._ok({"items": items})
        return self._pages(items, request, self._page_size)

    def _pages(self, items: Any, request: Request, size: int) -> Answer:
        start = int(request.query.get("continue") or request.query.get("offset") or 0)
        end = start + size
        more = {"continue": str(end)} if end < len(items) else {"continue": ""}
        return self._ok({"items": items[start:end], "listmeta": {"count": len(items), "offset": start, **more}})

    def _workspace(self, request: Request, uid: str, *, wants_backup: bool) -> Answer:
        project, item = self.fleet.located.get(uid, (None, {}))
        if project is None or "projectuid" not in request.headers:
            return self._error(Failure(404, "ResourceNotFound", f"The workspace '{uid}' is not found"))
        if project != request.headers["projectuid"]:
            return self._error(Failure(403, "ResourceAccessDenied", f"Access to the workspace '{uid}' is denied"))
        backup = self.fleet.backups[uid]
        request_uid = request.query.get("backupRequestUid")
        if not wants_backup:
            return self._ok(_details(item, backup))
        return self._ok_or_error(
            backup if isinstance(backup, Failure) or not request_uid else _only(backup, request_uid)
        )

    def _cluster_backup(self, uid: str) -> Answer:
        if uid not in self.fleet.cluster_uids:
            return self._error(Failure(404, "ResourceNotFound", f"The cluster '{uid}' is not found"))
        # A cluster without a policy of its own answers with an empty spec.
        backup = self.fleet.cluster_backups.get(uid, {"metadata": {}, "spec": {"clusterUid": uid}, "status": {}})
        return self._ok_or_error(backup)

    def _restores(self, uid: str) -> Answer:
        return self._ok_or_error(self.fleet.restores.get(uid, Failure(404, "ResourceNotFound", "No restore was found")))

    def _ok_or_error(self, answer: Json | Failure) -> Answer:
        return self._error(answer) if isinstance(answer, Failure) else self._ok(answer)

    def _ok(self, document: Json) -> Answer:
        return Answer(200, msgspec.json.encode(document), delay_seconds=self._latency_seconds)

    def _error(self, failure: Failure) -> Answer:
        ref = uid_of("error", failure.code, failure.message)
        body = {"code": failure.code, "message": failure.message, "ref": ref, "details": {}}
        return Answer(failure.status, msgspec.json.encode(body), delay_seconds=self._latency_seconds)


def _only(backup: Json, request_uid: str) -> Json:
    runs = part(backup, "status").get("workspaceBackupStatuses") or []
    return {**backup, "status": {"workspaceBackupStatuses": [run for run in runs if run["requestUid"] == request_uid]}}


def _details(item: Json, backup: Json | Failure) -> Json:
    """``GET /v1/workspaces/{uid}``: the same workspace in the words of that endpoint."""
    spec = part(item, "spec")
    policy = None if isinstance(backup, Failure) else part(backup, "spec").get("config")
    return {
        "metadata": part(item, "metadata"),
        "spec": {
            "clusterRefs": [
                {"clusterUid": ref["uid"], "clusterName": ref["name"]} for ref in spec.get("clusterRefs") or ()
            ],
            "clusterNamespaces": [
                {"name": name, "isRegex": name.startswith("/")} for name in spec.get("namespaces") or ()
            ],
            "policies": {"backupPolicy": policy} if policy else {},
        },
    }
