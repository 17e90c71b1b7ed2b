"""The bundled cropper: where people look, where heads are, how far subjects reach."""
