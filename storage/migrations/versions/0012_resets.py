"""What was reset away, by the number of the last record that there was then."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

# Of the resets that there are nobody knows it: whatever was recorded up to now stays away, so no limit can be passed.
KNOWN = """
UPDATE adjustments SET last_record = (SELECT coalesce(max(id), 0) FROM cost_records) WHERE amount < 0
"""


def upgrade() -> None:
    op.add_column("adjustments", sa.Column("last_record", sa.BigInteger(), nullable=True))
    op.execute(KNOWN)
