"""The field's own rules: the law as rows, working days, months due, rates, deferment, identifiers."""
