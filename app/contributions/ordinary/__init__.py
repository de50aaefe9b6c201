"""The ordinary lines of a statement: those of known employers with a known handler."""
