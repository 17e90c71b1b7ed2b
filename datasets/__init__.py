"""Files around pictures: captions, masks, names, manifests, duplicates."""
