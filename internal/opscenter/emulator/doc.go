// Package emulator is AWS Systems Manager OpsCenter on one machine: the OpsItem operations over AWS's own protocol,
// their EventBridge events, and a console page, so that whoever files OpsItems can be built and tested without an
// account. It imports nothing of the project around it.
package emulator
