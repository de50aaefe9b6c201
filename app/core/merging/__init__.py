"""Two records that are one: pairs that may be, and how every table's rows follow."""
