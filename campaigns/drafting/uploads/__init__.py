"""An audience from a list: a file of credit codes or account numbers becomes a segment chosen by hand."""
