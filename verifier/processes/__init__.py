"""`ecert serve` and its processes: started, watched, spoken to, ended."""
