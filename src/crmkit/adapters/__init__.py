"""What implements the ports: stores, channels, files, the codec, the machine."""
