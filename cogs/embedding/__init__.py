"""/embedding: browse, inspect, install and remove negative embeddings."""
