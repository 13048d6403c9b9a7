package emulator

func (e *Emulator) getOpsItem(_ caller, in *getInput) (*getOutput, *Error) {
	if err := e.checkARN(in.OpsItemArn, in.OpsItemId); err != nil {
		return nil, err
	}
	it := e.read(in.OpsItemId)
	if it == nil {
		return nil, errNotFound(in.OpsItemId)
	}
	return &getOutput{OpsItem: e.view(it)}, nil
}

// read gives the item as it stands, nil where there is none to be seen.
func (e *Emulator) read(id string) *item {
	now := e.now()
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.find(id, now)
}
