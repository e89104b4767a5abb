"""How people use ecert: services, HTTP API, pages, command line, processes."""
