Option Explicit

Sub InsertTemplate(control As IRibbonControl)
    Dim place As Variant
    place = Application.GetSaveAsFilename(control.Tag & ".xlsx", "Excel workbook (*.xlsx), *.xlsx")
    If VarType(place) = vbBoolean Then Exit Sub
    If RunCommand("new " & control.Tag & " -o """ & place & """") = 0 Then Workbooks.Open place
End Sub

' Python is started anew besides, so that it reads the user's own rows of the catalogue again
Sub Recalculate(control As IRibbonControl)
    Dim python As New PythonServer
    On Error Resume Next
    python.Shutdown
    On Error GoTo 0
    Application.CalculateFull
End Sub

Sub CheckInstallation(control As IRibbonControl)
    If LastFault <> "" Then MsgBox LastFault, vbInformation, "The last call without an answer"
    RunCommand "addin doctor & pause"
End Sub

' A command line of ours in a console, which stays open where something went wrong
Private Function RunCommand(ByVal command As String) As Long
    Dim python As New PythonServer
    RunCommand = CreateObject("WScript.Shell").Run("cmd.exe /C """"" & python.Interpreter() & """ -I -m addin.cli " & command & " || (pause & exit 1)""", 1, True)
End Function
