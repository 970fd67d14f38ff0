"""Every name that the ledger keeps in the store. All carry the desk's hash tag, so a script stays on one shard."""

from dataclasses import dataclass

from bot.desk.ports import RecordKey


@dataclass(frozen=True)
class Keys:
    """The keys of one desk. Prefixes are handed to scripts that find their records themselves."""

    desk_id: str

    def __post_init__(self) -> None:
        if not self.desk_id or set(self.desk_id) & set("{} \n"):
            raise ValueError(f"{self.desk_id!r} cannot be a desk id: it must be non-empty, without braces or spaces")

    def _of(self, name: str) -> str:
        return f"{{{self.desk_id}}}:{name}"

    @property
    def wakes(self) -> str:
        """Sorted set of records by the desk time of their wake-up, or by when a claim on it lapses."""
        return self._of("wakes")

    @property
    def claims(self) -> str:
        """Sorted set of claimed records by their armed wake-up."""
        return self._of("claims")

    @property
    def poisoned(self) -> str:
        """Sorted set of records set aside, by the real time at which that happened."""
        return self._of("poisoned")

    @property
    def lanes(self) -> str:
        """Sorted set of lanes by the real time of their next possible send."""
        return self._of("lanes")

    @property
    def entries(self) -> str:
        """Count of entries in all lanes."""
        return self._of("entries")

    @property
    def fence(self) -> str:
        """Counter of leases; one for all lanes, so that a lane that vanishes and comes back never repeats one."""
        return self._of("fence")

    @property
    def dead(self) -> str:
        """List of dead letters, newest first."""
        return self._of("dead")

    @property
    def record_prefix(self) -> str:
        """What stands before a record's name."""
        return self._of("r:")

    @property
    def lane_prefix(self) -> str:
        """What stands before a lane's name: the entries of its slots, its fence."""
        return self._of("l:")

    @property
    def queue_prefix(self) -> str:
        """What stands before a lane's name: its slots in order."""
        return self._of("q:")

    @property
    def sent_prefix(self) -> str:
        """What stands before a lane's name: when it was last allowed to send."""
        return self._of("s:")

    def record(self, key: RecordKey) -> str:
        """Return the hash of a record: v version, b body, n nonces, w wake-up, f and fr failures of it."""
        return f"{self.record_prefix}{key}"

    def events(self, key: RecordKey) -> str:
        """Return the list of a record's events."""
        return self._of(f"e:{key}")

    def operation(self, operation: str) -> str:
        """Return where the first answer to an operation stands."""
        return self._of(f"o:{operation}")

    def guard(self, name: str) -> str:
        """Return where a guard's owner stands."""
        return self._of(f"g:{name}")

    def lane(self, lane: str) -> str:
        """Return the hash of a lane."""
        return f"{self.lane_prefix}{lane}"

    def queue(self, lane: str) -> str:
        """Return the list of a lane's slots."""
        return f"{self.queue_prefix}{lane}"

    def index(self, name: str) -> str:
        """Return the sorted set of an index."""
        return self._of(f"x:{name}")

    def policy(self, content_hash: str) -> str:
        """Return where a policy stands."""
        return self._of(f"p:{content_hash}")

    def memory(self, name: str) -> str:
        """Return where a remembered value stands."""
        return self._of(f"m:{name}")

    def constant(self, name: str) -> str:
        """Return where a value that is set once stands."""
        return self._of(f"k:{name}")

    def uses(self, name: str) -> str:
        """Return the sorted set of the uses of something limited."""
        return self._of(f"u:{name}")

    def call(self, nonce: str) -> str:
        """Return where the answer to one call stands for as long as the call may be sent again."""
        return self._of(f"c:{nonce}")
