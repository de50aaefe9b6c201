"""Where the accounts of an employer's employees went when it closes."""
