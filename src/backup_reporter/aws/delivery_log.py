"""The delivery log in DynamoDB: a retried run reaches only the channels that lack the report.

The table's key is the text ``id``, which begins with the function's name: several functions may share a table. The TTL
attribute is ``expiration``. One conditional write claims a delivery for a while. A second one completes or releases
it. Each is bound to the owner of the claim, so that a run that was overtaken cannot undo what another has done.

Written by hand: the idempotency of Powertools raises an error while another run is in progress, where this waits for it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from backup_reporter.aws.errors import code_of, item_of, translate_errors
from backup_reporter.errors import ChannelError, StoreError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Entry = Mapping[str, AttributeValueTypeDef]

CLAIM_SECONDS = 110
"""A claim lasts longer than sending (at most 90 s), and ends before Lambda's second retry of a run that crashed."""
REMEMBER_SECONDS = 30 * 24 * 3600
"""Longer than the failure queues keep an event, which an operator may send again."""
_POLL_SECONDS = 2.0

_IS_FREE = "attribute_not_exists(id) OR (delivered = :no AND claimedUntil <= :now)"
_IS_OWN = "attribute_not_exists(id) OR claimedBy = :me"


class DynamoDbDeliveryLog:
    """What one function has delivered, as one run of it sees and claims it. Safe for threads."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        function_name: str,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._function_name = function_name
        self._clock = clock
        self._sleep = sleep
        self._owner = uuid.uuid4().hex

    def claim(self, delivery_id: str, seconds_left: Callable[[], float]) -> bool:
        """Claims a delivery. Returns ``False`` if it was made before. Waits for another run that has claimed it.

        Raises :class:`ChannelError` if the other run does not finish in the time that is left,
        and :class:`StoreError` if the table cannot be used.
        """
        while True:
            now = int(self._clock())
            entry = self._entry(delivery_id, is_delivered=False, claimed_until=now + CLAIM_SECONDS)
            found = self._put(entry, _IS_FREE, {":no": {"BOOL": False}, ":now": {"N": str(now)}})
            # The same entry is this write: the SDK sent it again because its answer was lost.
            if found is None or found == entry:
                return True
            if found.get("delivered", {}).get("BOOL"):
                return False
            if seconds_left() <= _POLL_SECONDS:
                raise ChannelError("another run is delivering this report, and has not finished in time")
            self._sleep(_POLL_SECONDS)

    def complete(self, delivery_id: str) -> None:
        """Makes the claim permanent. Raises :class:`StoreError` if the table cannot be used."""
        self._put_own(self._entry(delivery_id, is_delivered=True, claimed_until=0))

    def release(self, delivery_id: str) -> None:
        """Ends the claim. Raises :class:`StoreError` if the table cannot be used."""
        self._put_own(self._entry(delivery_id, is_delivered=False, claimed_until=0))

    def _entry(self, delivery_id: str, *, is_delivered: bool, claimed_until: int) -> Entry:
        return {
            "id": {"S": f"{self._function_name}/{delivery_id}"},
            "claimedBy": {"S": self._owner},
            "claimedUntil": {"N": str(claimed_until)},
            "delivered": {"BOOL": is_delivered},
            "expiration": {"N": str(int(self._clock()) + REMEMBER_SECONDS)},
        }

    def _put_own(self, entry: Entry) -> None:
        # If another run has taken over since, its entry stays.
        self._put(entry, _IS_OWN, {":me": entry["claimedBy"]})

    def _put(self, entry: Entry, condition: str, values: Entry) -> Entry | None:
        """Writes an entry if ``condition`` holds. Otherwise returns the entry that is there."""
        with translate_errors(StoreError, f"the delivery table {self._table} cannot be used"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=entry,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return item_of(error)
        return None
