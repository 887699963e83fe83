//! What gantry's console and its node agents say to each other.
