"""What moto lacks: whether an account is in the sandboxes of SES and of SNS's text messages.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
https://docs.aws.amazon.com/sns/latest/api/API_GetSMSSandboxAccountStatus.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from moto.sesv2 import urls as ses_urls
from moto.sesv2.responses import SESV2Response
from moto.sns.responses import SNSResponse

_SMS_STATUS = """<GetSMSSandboxAccountStatusResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
<GetSMSSandboxAccountStatusResult><IsInSandbox>{}</IsInSandbox></GetSMSSandboxAccountStatusResult>
</GetSMSSandboxAccountStatusResponse>"""


@dataclass
class Sandboxes:
    """Which sandboxes the account is in, and whether SES has paused it."""

    ses: bool = False
    sms: bool = False
    is_paused: bool = False

    def reset(self) -> None:
        self.ses = self.sms = self.is_paused = False


SANDBOXES = Sandboxes()


def add_sandboxes_to_moto(patch: pytest.MonkeyPatch) -> None:
    """Has moto's server answer from :data:`SANDBOXES`; to be called before the server starts."""

    def get_account(_: Any) -> str:
        return json.dumps({"ProductionAccessEnabled": not SANDBOXES.ses, "SendingEnabled": not SANDBOXES.is_paused})

    def get_sms_sandbox_account_status(_: Any) -> str:
        return _SMS_STATUS.format(str(SANDBOXES.sms).lower())

    patch.setattr(SESV2Response, "get_account", get_account, raising=False)
    patch.setitem(ses_urls.url_paths, "{0}/v2/email/account$", SESV2Response.dispatch)
    patch.setattr(SNSResponse, "get_sms_sandbox_account_status", get_sms_sandbox_account_status, raising=False)
