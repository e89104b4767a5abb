"""Does the database agree with the chain? Everything is made again from the chain and compared, row by row."""
