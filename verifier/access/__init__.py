"""Who may ask: clients by token, people by session; how often; and what is done only once."""
