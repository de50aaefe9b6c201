"""Words of the search index say which kind of text they are from, so what was indexed is dropped.

The scheduler indexes every employer anew within minutes of its start (`flask employers reindex`: at once).

Revision ID: 0005
"""

from alembic import op
import sqlalchemy as sa

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: on SQLite the rows are removed before the trigger that would take their words out one by one
EMPTY = {
    "sqlite": (
        "DROP TRIGGER employer_search_fts_removed",
        "DROP TABLE employer_search_fts",
        "DELETE FROM employer_search",
        "CREATE VIRTUAL TABLE employer_search_fts USING fts5(grams, content='employer_search', "
        "content_rowid='id', columnsize=0, tokenize=\"unicode61 remove_diacritics 0 categories 'L* "
        "M* N* Co Cn'\")",
        "INSERT INTO employer_search_fts(employer_search_fts, rank) VALUES ('automerge', 16)",
        "CREATE TRIGGER employer_search_fts_removed AFTER DELETE ON employer_search BEGIN INSERT INTO "
        "employer_search_fts(employer_search_fts, rowid, grams) VALUES ('delete', old.id, old.grams); "
        "END",
    ),
    "postgresql": ("TRUNCATE employer_search",),
}


def upgrade():
    for statement in EMPTY[op.get_bind().dialect.name]:
        op.execute(sa.DDL(statement))


def downgrade():
    upgrade()
