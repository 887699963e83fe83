//! SSH to the node agents; nothing else opens sockets.
