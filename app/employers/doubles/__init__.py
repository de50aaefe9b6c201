"""The worklist of people who may be recorded twice."""
