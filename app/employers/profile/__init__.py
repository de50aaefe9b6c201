"""The picture of an employer: service notes, risk flags, trends, the quality of its data, its sheet."""
