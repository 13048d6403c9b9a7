// Package tabletest says, as code, what every engine of the storage port promises: Run is the conformance suite that
// the embedded and the dynamo engine both pass. It also holds Faulty, which lets a test lose any one call of the port,
// before or after it took effect.
package tabletest
