//! What an operator may do: one table of actions, from which keys, menus, help and permissions come.
