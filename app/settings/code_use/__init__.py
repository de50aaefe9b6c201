"""Where a code is used: the records that hold it, the segments that ask about it, the codes below it."""
