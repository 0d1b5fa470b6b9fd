"""Messages of requests as others wrote them: what media and text they hold."""
