"""The routes that the office alone serves, for systems inside: issuing, changes of status, what was issued."""
