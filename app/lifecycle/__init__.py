"""The stage of an employer, from first rumour to closure, as one workflow."""
