// Command bench measures what the project promises about its speed and prints one table: what, how fast, what was
// promised, and whether that holds on this machine. It is the load generator too; what it loads is a child process, built
// as make run builds it, on the same processors.
//
//	bench [-json] [-only process,intake,lists,lambda,units,emulator] [-items 500000]
//
// A figure is as good as the machine was quiet: the load average is printed beside them.
package main
