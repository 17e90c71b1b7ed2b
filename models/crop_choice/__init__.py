"""Where and how large people crop a photograph, judged by what a cropper saw in it."""
