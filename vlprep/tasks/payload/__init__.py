"""Messages and whole request bodies for the services' chat APIs; nothing here sends anything."""
