"""The bundled network that finds the eyes, the nose and the mouth of a face."""
